"""Understanding of what people write; knows nothing of the bot."""

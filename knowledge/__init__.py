"""The knowledge base: articles, statutes, search and sourced answers; knows nothing of the bot."""

"""The assistant: channels, conversations, and the straight line from a message to its answer."""

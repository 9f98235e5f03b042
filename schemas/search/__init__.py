"""Search: the words of messages, the names of entities, and how a person's text finds both."""

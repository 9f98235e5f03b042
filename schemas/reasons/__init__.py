"""Reasons of refusals, failures and endings: stored as a code with parameters, said in the reader's language."""

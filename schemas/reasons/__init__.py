"""Why something was refused, failed or ended: stored as a code with parameters, said in the reader's language."""

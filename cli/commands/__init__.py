"""Commands of `conexoes`: a module for each, with its function `command`, or with its group of commands `app`."""

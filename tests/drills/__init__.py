"""What an operator may have to do one day, done on a system of its own: `make restore-drill`."""

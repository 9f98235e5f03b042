"""Incidents: the figures that they are judged by, the rhythms that agents learn, and what is kept of them."""

"""A connector for demos and tests: several marketplaces, all types, failures that a retry fixes and others.

Everything follows from a seed. The texts are of its own making.
"""

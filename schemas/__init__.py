"""The words of Conexões: what every other package means by result, status log, command and retry.

Only the standard library, pydantic, orjson and msgspec: nothing here reads a clock, an environment or a network.
"""

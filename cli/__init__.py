"""What the sub-commands of `conexoes` do; `conexoes.py` only names them."""

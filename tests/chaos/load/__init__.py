"""The load of `make chaos`: one module for each thing that happens."""

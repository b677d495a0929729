"""What stands in `integration` needs Home Assistant, and runs on its Python: `make integration`."""

collect_ignore = ["integration"]

"""The commands of `tandem`, one module each with `add_arguments(parser)` and `run(options) -> exit status`."""

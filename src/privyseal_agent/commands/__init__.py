"""The commands of ``seal``, one module per noun.

A command is a function whose parameters are its arguments and options (Cyclopts reads them and the docstring). It talks
to the service through ``client``, and hands back a Reply; ``application`` prints it.
"""

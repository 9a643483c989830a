"""The import engine: reads files, recognises, stages, settles and reports their rows. It knows no deal.

See docs/imports.md.
"""

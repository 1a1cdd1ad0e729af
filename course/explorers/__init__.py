"""The interactive figures that lessons import: `from explorers import onion`.

Every figure is live in JupyterLab and leaves a still picture and plain words beside
the live view, so a saved lesson reads well where nothing runs.
"""

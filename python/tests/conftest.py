"""Fixtures of ctswitch.py, as a project of yours would load them."""

pytest_plugins = ['ctswitch']

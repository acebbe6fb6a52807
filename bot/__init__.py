"""Passerelle: a chatbot that serves a bilingual conference."""

__version__ = "0.1.0"

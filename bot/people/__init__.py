"""Accounts, persons, languages, privacy."""

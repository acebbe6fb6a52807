"""Text in many languages: catalogues, dates, scripts, markup."""

"""Jobpacks of the published ``wrkr v1`` contract: verified as what they are, and written."""

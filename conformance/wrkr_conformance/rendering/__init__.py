"""A report in the forms that people and programs read: text, Markdown, JUnit, a badge."""

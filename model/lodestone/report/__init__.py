"""From the plan document to what people and programs read: workbooks, JSON, HTML and the terminal."""

"""From the plan document to what people and programs read: plan.xlsx, plan.json and the terminal."""

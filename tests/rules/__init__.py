"""The rules of the model, one test file for each file of model/lodestone/rules/: rows, bounds and costs against hand algebra."""

"""The pipeline: definition as written, templating, parameters, graph, key, plan. Pure: values in, values out."""

"""The planner's search, in arrays: every way to cut a model's training over a cluster.

`inputs`, `shape` and `job` say what is asked; `grid` enumerates; `memory`, `kernels`, `links` and
`step` evaluate; `search` ranks; `rules` and `report` put the answer into words; `result` holds its
types. The public face is `calculators.planner`. Nothing here is imported by another calculator.
"""

"""The seminar: a class plays the offices over the network and learns from the debrief.

`record` keeps what happened as events in a file, `session` folds them into the state of the class,
`turns` plays the engine's quarters with what the teams ordered and agreed, `web` shows it to
browsers. The rules are the model's; nothing here changes them.
"""

"""Connectors of ours, built on the SDK (conexoes_connector): the simulator and the bridges."""

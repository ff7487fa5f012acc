"""The same work on other processes and hosts, through Dask distributed; and live processes of a whole fleet.

connect.py starts or finds the workers and says when that is not safe; engine.py sends batches and keeps account of what is lost;
task.py runs on the workers; hosts.py finds one worker for every host that can be looked at. Nothing else imports Dask.
"""

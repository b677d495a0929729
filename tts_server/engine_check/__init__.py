"""Does an engine keep the contract of `tts_server.engine`?  python -m tts_server.engine_check ENGINE"""

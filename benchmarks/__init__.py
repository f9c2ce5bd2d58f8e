"""Ratios against raw aiohttp and orjson, each pair taken side by side in one run."""

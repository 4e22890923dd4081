# SPDX-License-Identifier: Apache-2.0
"""Asks for the similarity of its argument to itself by huggingface_hub's client, and prints the
score, or the exception: hub_client.py URL KEY SENTENCE."""

import json
import sys

from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError

url, key, sentence = sys.argv[1:]
try:
    found = {"scores": InferenceClient(url, api_key=key).sentence_similarity(sentence, [sentence])}
except HfHubHTTPError as error:
    found = {"status": error.response.status_code, "message": str(error)}
print(json.dumps(found))

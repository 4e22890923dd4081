# SPDX-License-Identifier: Apache-2.0
"""JinaBERT as a cross-encoder, in float64 NumPy. Written from public ports of its code, not from that itself: in them
JinaBertForSequenceClassification derives from BertForSequenceClassification, so its pooler and its classifier are BERT's, over an
encoder with biases in the place of positions (Press et al., arXiv 2108.12409, to both sides) and gated networks (Shazeer, arXiv
2002.05202)."""
import numpy as np

import reference


def slopes(n_heads):
    """2^(-8/n), 2^(-16/n) ... for n heads; where n is no power of two, those of the next lower one, and then the first, third ... of
    the next higher one's."""
    lower = 1 << (n_heads.bit_length() - 1)

    def progression(n):
        return [2 ** (-8 * i / n) for i in range(1, n + 1)]

    return np.array((progression(lower) + progression(2 * lower)[::2])[:n_heads])


class Judge(reference.Model):
    def biases(self, n):
        """[heads, n, n]"""
        positions = np.arange(n)
        return -slopes(self.config['num_attention_heads'])[:, None, None] * np.abs(positions[:, None] - positions)

    def network(self, x, layer):
        gate, up = np.split(x @ self.weight(layer + 'mlp.gated_layers.weight').T, 2, axis=1)
        return self.linear(reference.gelu(gate) * up, layer + 'mlp.wo')

    def logit(self, ids, types):
        x = self.weight('embeddings.word_embeddings.weight', ids) + self.weight('embeddings.token_type_embeddings.weight', types)
        x = self.norm(x, 'embeddings.LayerNorm')
        biases = self.biases(len(ids))
        for i in range(self.config['num_hidden_layers']):
            layer = f'encoder.layer.{i}.'
            x = self.norm(x + self.attention(x, layer, biases), layer + 'attention.output.LayerNorm')
            x = self.norm(x + self.network(x, layer), layer + 'mlp.layernorm')
        pooled = np.tanh(self.linear(x[0], 'pooler.dense'))
        return self.linear(pooled, 'classifier')[0]

# SPDX-License-Identifier: Apache-2.0
"""Damaged tokenizer.json files of each kind, and damaged configurations and weights of each family: each is refused by a word on its
file or does its work, without a crash, a hang or a sanitizer's word; and no key of theirs is guessed. The program tests/damage/damage.c
tries them in its process. The tiny models and tokenizers are in SHARED_DIR; without it those of tests/data do.

A run takes some of them and a new seed; the whole form is NESTD_DAMAGE_CASES=10000, with NESTD_DAMAGE_SEED where it is to be the same
one again. On the build with sanitizers it takes some two hours of one core."""
import json
import os
import pathlib
import random
import re
import secrets
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAMILIES = pathlib.Path(os.environ.get("SHARED_DIR", "")) / "reference" / "families"
N_CASES = int(os.environ.get("NESTD_DAMAGE_CASES", 0))
SEED = int(os.environ.get("NESTD_DAMAGE_SEED", secrets.randbelow(1 << 32)))
# In a run that is not the whole form: so many kinds, drawn by the seed, and cases of each.
N_KINDS, SOME_CASES = 3, 100

# What may be anything. What is read is refused where it is damaged, and what is not read is here.
ANYTHING = {
    "config.json": [
        r"architectures(\.#)?",  # the head's tensors say whether there is one
        r"\w*(dropout|pdrop|dropout_prob|dropout_rate|dropout_add_ln)",  # of training, like the next two
        r"initializer_\w+|use_cache|router_aux_loss_coef|moe_impl|unpad_inputs|use_xentropy|torch_dtype",
        r"use_flash_attn|use_memory_efficient_attention|attn_implementation|deterministic_flash_attn|reorder_and_upcast_attn|fused_bias_fc",
        r"(bos|eos|cls|sep|pad|mask)_token_id|pad_vocab_size_multiple",  # the tokenizer's files say them
        r"tie_word_embeddings|final_logit_softcapping|scale_decoder_outputs|num_decoder_layers|is_encoder_decoder|decoder_bias",
        r"classifier_\w+|pooler_hidden_\w+|summary_\w+|add_pooling_layer|emb_pooler|sparse_pred\w*",  # a head that is not there
        r"auto_map(\.\w+)?|legacy|(mlp_fc[12]|qkv_proj)_bias|pack_qkv|ffn_div|parallel_block_tied_norm|dense_seq_output",
        r"sinusoidal_pos_embds|pretraining_tp|scale_attn_\w+|max_trained_positions|logn_attention_clip1|relative_attention_num_buckets|max_window_layers|sliding_window",
        r"dense_act_fn|is_gated_act",  # derived from feed_forward_proj
        r"label2id(\.\w+)?|sentence_transformers\.version",  # id2label names the labels
        r"_sliding_window_pattern",  # layer_types is there
    ],
    "config_sentence_transformers.json": [r"__version__.*"],
    "modules.json": [r"#\.(idx|name)"],
    "tokenizer.json": [
        r"padding|truncation",  # sentence-transformers sets both
        r"post_processor\.(pair|special_tokens\.[^.]+\.id)|.*\.trim_offsets",
        r"decoder(\.type|\.prefix|\.cleanup|\.split|\.add_prefix_space|\.use_regex)?",  # BERT's class has its own; ByteLevel's decoder
    ],
    "tokenizer_config.json": [r"extra_ids"],
    "model.safetensors": [r"(\w+\.)*(pooler|lm_head|cls|head)\..*|.*position_ids"],  # a head that is not asked for
}
# And what may be any text, or number.
ANY_TEXT = r"added_tokens\.#\.content|.*pattern\.String|.*\.content|prompts\.\w+|id2label\.\d+|pad_token|#\.path|model\.continuing_subword_prefix|architectures\.#"
ANY_OBJECT = r"sentence_transformers|rope_parameters(\.\w+)?|rope_scaling|truncation"


@pytest.fixture(scope="module")
def program():
    binary = os.environ.get("NESTD_BINARY")
    if not binary:
        pytest.skip("NESTD_BINARY does not say which build to test")
    path = pathlib.Path(binary).resolve().parents[1] / "tests/damage/damage"
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return path


def tokenizers():
    """By name, what makes the folder."""
    small = {path.stem: path for path in (FAMILIES / "tokenizers").glob("*.json")}
    own = {path.parent.name: path for path in (ROOT / "tests/data/tokenizer").glob("*/tokenizer.json")}
    return small or own


def models():
    families = {path.parent.name: path.parent for path in (FAMILIES / "families").glob("*/tensors.json")}
    families.pop("embedding-gemma2", None)  # which is not served
    own = {path.parent.name: path.parent for path in (ROOT / "tests/data/models").glob("*/config.json")}
    return families or own


def places(kinds):
    """Numbers, as pytest's workers each have a seed of their own and must agree on the tests."""
    return range(len(kinds) if N_CASES else min(N_KINDS, len(kinds)))


def draw(kinds, place):
    return random.Random(SEED).sample(sorted(kinds), len(kinds))[place]


def make_tokenizer(folder, name):
    folder.mkdir()
    shutil.copyfile(tokenizers()[name], folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')


def make_model(folder, name):
    shutil.copytree(models()[name], folder, ignore=shutil.ignore_patterns("expected*", "config.*.json", "tokenizer.name"))
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    source = models()[name]
    if (source / "tokenizer.name").exists():
        small = FAMILIES / "tokenizers" / f"{(source / 'tokenizer.name').read_text().strip()}.json"
        shutil.copyfile(small, folder / "tokenizer.json")
    described = list(folder.rglob("tensors.json"))
    if described:
        subprocess.run([sys.executable, "-B", FAMILIES / "weights.py", folder], check=True)
    for path in described:
        path.unlink()


def run(program, folder, *words):
    done = subprocess.run([program, folder, *words], capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr[-6000:]}"
    return done.stdout


def damage(program, folder):
    found = json.loads(run(program, folder, str(SEED), "0", str(N_CASES or SOME_CASES)))
    print(f"NESTD_DAMAGE_SEED={SEED} {folder.name}: {found}")
    assert 0 < found["served"] < found["cases"]
    assert found["longest_cpu_s"] < 20


@pytest.mark.parametrize("place", places(tokenizers()))
def test_damaged_tokenizers_are_refused_or_work(program, tmp_path, place):
    name = draw(tokenizers(), place)
    make_tokenizer(tmp_path / name, name)
    damage(program, tmp_path / name)


@pytest.mark.parametrize("place", places(models()))
def test_damaged_models_are_refused_or_work(program, tmp_path, place):
    name = draw(models(), place)
    make_model(tmp_path / name, name)
    damage(program, tmp_path / name)


def may_be(file, key, odd):
    patterns = ANYTHING.get(pathlib.PurePath(file).name, [])
    patterns = patterns + ([ANY_TEXT] if odd == '"odd"' else []) + ([ANY_OBJECT] if odd.startswith("{") else [])
    return any(re.fullmatch(pattern, key) for pattern in patterns)


@pytest.mark.slow
@pytest.mark.skipif(not FAMILIES.exists(), reason=f"no families at {FAMILIES}")
@pytest.mark.parametrize("place", places(models()))
def test_nothing_that_is_read_is_guessed(program, tmp_path, place):
    """Each value in turn is another kind of thing, and each tensor is missing: refused, or known as of no account."""
    name = draw(models(), place)
    make_model(tmp_path / name, name)
    judges = name.startswith(("rank", "classify"))
    accepted = [line.split(" ") for line in run(program, tmp_path / name, "keys").splitlines()]
    assert len(accepted) > 5
    guessed = [words for words in accepted if not may_be(*words, *(["a tensor"] if len(words) == 2 else []))]
    guessed += [words for words in accepted if judges and len(words) == 2 and "position_ids" not in words[1]]
    assert guessed == [], f"of {name}, NESTD_DAMAGE_SEED={SEED}"

"""A Qwen3 model of random weights in any size, with a tokenizer trained on the spot, as on its hub."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

END = "<|endoftext|>"
_COMMON = {
    "model_type": "qwen3",
    "rms_norm_eps": 1e-6,
    "rope_theta": 1e6,
    "tie_word_embeddings": True,
    "max_position_embeddings": 32_768,
}
#: Some thousand weights, for tests.
TINY: dict[str, Any] = {
    **_COMMON,
    "num_hidden_layers": 3,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 600,
}
#: The shape of Qwen3-Embedding-0.6B.
QWEN_0_6B: dict[str, Any] = {
    **_COMMON,
    "num_hidden_layers": 28,
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 151_669,
}


def write_model(folder: Path, shape: dict[str, Any], texts: Sequence[str], prefix: str = "") -> Path:
    """Write a model whose tokenizer learns from `texts`; `prefix` stands before the names of the weights."""
    import torch
    from safetensors.torch import save_file

    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_lasttoken": True}))
    (folder / "config.json").write_text(json.dumps(shape))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 32_768}))
    _tokenizer(min(shape["vocab_size"], 32_000), texts).save(str(folder / "tokenizer.json"))
    generator = torch.Generator().manual_seed(7)
    weights = {}
    for name, size in _sizes(shape).items():
        # Norms around 1, matrices such that activations keep their size.
        scale = 0.1 if len(size) == 1 else size[-1] ** -0.5
        weights[f"{prefix}{name}"] = torch.randn(size, generator=generator) * scale + (len(size) == 1)
    save_file(weights, str(folder / "model.safetensors"))
    return folder


def _tokenizer(tokens: int, texts: Sequence[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=tokens, special_tokens=[END], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
    )
    return tokenizer


def _sizes(shape: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    hidden, inner, head = shape["hidden_size"], shape["intermediate_size"], shape["head_dim"]
    queries, keys = shape["num_attention_heads"] * head, shape["num_key_value_heads"] * head
    sizes: dict[str, tuple[int, ...]] = {
        "embed_tokens.weight": (shape["vocab_size"], hidden),
        "norm.weight": (hidden,),
    }
    for number in range(shape["num_hidden_layers"]):
        layer = f"layers.{number}."
        sizes |= {
            f"{layer}input_layernorm.weight": (hidden,),
            f"{layer}post_attention_layernorm.weight": (hidden,),
            f"{layer}self_attn.q_proj.weight": (queries, hidden),
            f"{layer}self_attn.k_proj.weight": (keys, hidden),
            f"{layer}self_attn.v_proj.weight": (keys, hidden),
            f"{layer}self_attn.o_proj.weight": (hidden, queries),
            f"{layer}self_attn.q_norm.weight": (head,),
            f"{layer}self_attn.k_norm.weight": (head,),
            f"{layer}mlp.gate_proj.weight": (inner, hidden),
            f"{layer}mlp.up_proj.weight": (inner, hidden),
            f"{layer}mlp.down_proj.weight": (hidden, inner),
        }
    return sizes

"""Run an ONNX model on the CPU: with onnxruntime, or with OpenVINO where it is installed and faster.

OnnxEmbedder ─► fastest(OrtKernel, probe) ─┬► OrtKernel
                                           └► OpenVinoKernel  (extra `fast`), if its vectors are the same
"""

from services.embedding.kernels.choice import SAME_SPACE, fastest
from services.embedding.kernels.kernel import Feed, Kernel, OrtKernel

__all__ = ["SAME_SPACE", "Feed", "Kernel", "OrtKernel", "fastest"]

Licences, as their authors tell them, of the libraries that this jar needs at run time:

<#list dependencyMap as entry>
${entry.key.groupId}:${entry.key.artifactId}:${entry.key.version} (${entry.key.name}): ${entry.value?join(" or ")}
</#list>

ai.djl.pytorch:pytorch-native-* are the libraries of PyTorch (BSD-3-Clause), with oneDNN (Apache-2.0), Intel MKL (Intel
Simplified Software License) and libgomp (GPL-3.0-or-later with the GCC Runtime Library Exception) in them.

The weights and vocabularies of the models in linformer-model-zoo come from sentence-transformers/all-MiniLM-L6-v2
(Apache-2.0); META-INF/NOTICE in it says what was changed.

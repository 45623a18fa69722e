#include <config.h>

#include "fuzz/target.h"
#include "settings/conftree.h"

#include <string.h>

/* Every node has what its kind needs; an error names file and line. */
static void check(const struct conftree_node *node, int depth)
{
	BUG_IF(depth > CONFTREE_DEPTH_MAX + 2);
	if (node->kind == CONFTREE_VALUE) {
		BUG_IF(!node->text || node->children);
		return;
	}
	for (guint i = 0; i < node->children->len; i++) {
		const struct conftree_node *child =
			g_ptr_array_index(node->children, i);

		BUG_IF((node->kind == CONFTREE_SECTION) != !!child->key);
		BUG_IF(child->line == 0);
		check(child, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	struct conftree *tree = conftree_parse(
		"f", span_of((const char *)data, size), NULL, &error);

	BUG_IF(!tree != !!error);
	if (tree)
		check(conftree_root(tree), 0);
	else
		BUG_IF(strncmp(error->message, "f:", 2) != 0);
	conftree_free(tree);
	return 0;
}

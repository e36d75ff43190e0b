/** A lineage tree as indented lines. */
import type { LineageNode } from '../../src/records';

export function treeLines(node: LineageNode, indent = ''): string[] {
  return [
    `${indent}${line(node)}`,
    ...node.children.flatMap((child) => treeLines(child, `${indent}  `)),
    ...(node.cut === undefined ? [] : [`${indent}  … ${node.cut} more: --depth shows them`]),
  ];
}

function line({ node, relation, digest, about, repeated }: LineageNode): string {
  const parts = [
    ...(relation === undefined ? [] : [relation]),
    node,
    ...(about === undefined ? [] : [`(${about})`]),
    ...(digest === undefined || node.includes(digest) ? [] : [digest]),
    ...(repeated === true ? ['— see above'] : []),
  ];
  return parts.join(' ');
}

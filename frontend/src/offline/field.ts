export function enhance(root: ParentNode): void {
  void root;
}

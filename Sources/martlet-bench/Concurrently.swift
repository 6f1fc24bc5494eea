/// Calls `body` with 0 ..< `count`, at most `width` calls at a time, and returns their results in order. The first error ends it.
func concurrently<Output: Sendable>(
    _ count: Int, width: Int, _ body: @escaping @Sendable (Int) async throws -> Output
) async throws -> [Output] {
    try await withThrowingTaskGroup(of: (Int, Output).self) { group in
        var outputs = [Output?](repeating: nil, count: count)
        for index in 0..<count {
            if index >= width, let (finished, output) = try await group.next() {
                outputs[finished] = output
            }
            group.addTask { (index, try await body(index)) }
        }
        for try await (finished, output) in group {
            outputs[finished] = output
        }
        return outputs.compactMap(\.self)
    }
}

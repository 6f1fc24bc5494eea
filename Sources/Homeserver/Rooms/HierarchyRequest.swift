import Store

/// Which rooms of a space are wanted.
package struct HierarchyRequest: Sendable {
    /// Whether only children are wanted that the space suggests.
    package var suggestedOnly: Bool
    /// How deep the space is followed; its own children are at depth 1.
    package var maxDepth: Int
    package var limit: Int
    package var from: HierarchyPlace?

    package init(suggestedOnly: Bool = false, maxDepth: Int = Rooms.hierarchyDepthMax, limit: Int = 50, from: HierarchyPlace? = nil) {
        self.suggestedOnly = suggestedOnly
        self.maxDepth = min(maxDepth, Rooms.hierarchyDepthMax)
        self.limit = limit
        self.from = from
    }
}

/// Where the next page of a space begins.
package struct HierarchyPlace: Sendable, Equatable {
    /// How many rooms the pages before had.
    let told: Int
    let suggestedOnly: Bool
    let maxDepth: Int

    init(told: Int, suggestedOnly: Bool, maxDepth: Int) {
        self.told = told
        self.suggestedOnly = suggestedOnly
        self.maxDepth = maxDepth
    }

    /// Reads what a client sends back; nil when it is no token of this server.
    package init?(_ text: String) {
        guard let bytes = Base64URL.decode(text),
            let (told, suggestedOnly, maxDepth) = try? TupleKey<Int64, Bool, Int64>(decoding: bytes).parts, told >= 0
        else { return nil }
        self.init(told: Int(clamping: told), suggestedOnly: suggestedOnly, maxDepth: Int(clamping: maxDepth))
    }

    /// The token as text.
    package var text: String { Base64URL.encode(TupleKey(Int64(told), suggestedOnly, Int64(maxDepth)).encoded) }
}

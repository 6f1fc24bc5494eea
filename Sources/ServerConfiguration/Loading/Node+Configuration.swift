import Yams

extension Node {
    var isNull: Bool { null != nil }

    /// What stands at `path` below this node.
    func node(at path: ConfigurationPath) -> Node? {
        var node = self
        for component in path.components {
            switch (node, component) {
            case (.mapping(let mapping), .key(let name)):
                guard let value = mapping[name] else { return nil }
                node = value
            case (.sequence(let sequence), .index(let index)) where sequence.indices.contains(index):
                node = sequence[index]
            default:
                return nil
            }
        }
        return node
    }

    /// This tree with `layer` laid over it: mappings are joined key by key, anything else replaces what was there.
    func overlaid(with layer: Node) -> Node {
        guard case .mapping(var mapping) = self, case .mapping(let above) = layer else { return layer }
        for (key, value) in above {
            mapping[key] = mapping[key]?.overlaid(with: value) ?? value
        }
        return .mapping(mapping)
    }

    /// This tree with `layer` laid over what stands at `path`. Mappings and lists on the way that are missing are made; what stands
    /// in the way is replaced, and an index beyond a list's end appends to it.
    func overlaid(with layer: Node, at path: ArraySlice<ConfigurationPath.Component>) -> Node {
        guard let component = path.first else { return overlaid(with: layer) }
        let rest = path.dropFirst()
        switch component {
        case .key(let name):
            var mapping = mapping ?? Node.Mapping([])
            mapping[name] = (mapping[name] ?? .absent).overlaid(with: layer, at: rest)
            return .mapping(mapping)
        case .index(let index):
            var elements = sequence.map(Array.init) ?? []
            if elements.indices.contains(index) {
                elements[index] = elements[index].overlaid(with: layer, at: rest)
            } else {
                elements.append(Node.absent.overlaid(with: layer, at: rest))
            }
            return Node(elements)
        }
    }

    private static var absent: Node { Node("", Tag(.null), .plain) }

    /// What the node is, for "expected ..., found ...".
    var summary: String {
        switch self {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        case .scalar(let scalar):
            if isNull {
                "nothing"
            } else if bool != nil || int != nil || float != nil {
                scalar.string
            } else {
                "the string \"\(scalar.string)\""
            }
        }
    }
}

import Yams

extension Configuration {
    /// The configuration that `sources` give: the defaults, the file above them, then environment variables, then flags.
    ///
    /// The sources are laid over each other as trees and decoded once, so that an environment variable can change one option of a
    /// section that the file gives.
    ///
    /// - Throws: ``ConfigurationError`` with everything that is wrong: first what is not YAML, then unknown keys, then wrong types, then
    ///   values that mean nothing.
    package static func load(from sources: ConfigurationSources) throws(ConfigurationError) -> Configuration {
        let shape = OptionShape(of: Configuration.self)
        var layers: [ConfigurationLayer] = []
        if let file = sources.file { layers.append(try ConfigurationLayer(file)) }
        layers += try ConfigurationLayer.layers(of: sources.environment, shape: shape)
        layers += sources.flags.map { ConfigurationLayer($0) }

        func located(_ problems: [(path: ConfigurationPath, text: String)]) -> ConfigurationError {
            ConfigurationError(
                problems.map { path, text in
                    .init(origin: layers.reversed().lazy.compactMap { $0.origin(of: path) }.first, text: text)
                })
        }

        let root = ConfigurationPath([])
        let tree = layers.reduce(Node([(Node, Node)]())) { $0.overlaid(with: $1.node, at: $1.path.components[...]) }
        let unknown = unknownKeys(in: tree, shape: shape, path: root)
        guard unknown.isEmpty else { throw located(unknown) }
        let configuration: Configuration
        do {
            configuration = try YAMLDecoder().decode(from: tree)
        } catch let error as DecodingError {
            throw located([mismatch(error, tree: tree, shape: shape)])
        } catch {
            throw located([(root, "cannot be read: \(error)")])
        }
        let problems = configuration.problems
        guard problems.isEmpty else { throw located(problems) }
        return configuration
    }

    /// The names of all options that hold a value, as the documentation writes them: `registration.token`, `listeners[].port`.
    package static var optionNames: [String] {
        OptionShape(of: Configuration.self).optionNames.map { String($0.dropFirst()) }
    }

    /// Every key of `tree` that the sections do not know, each with the nearest one that its section knows.
    private static func unknownKeys(
        in tree: Node, shape: OptionShape, path: ConfigurationPath
    ) -> [(path: ConfigurationPath, text: String)] {
        switch (shape, tree) {
        case (.section(let members), .mapping(let mapping)):
            return mapping.flatMap { key, value in
                guard case .scalar(let name) = key else {
                    return [(path, "\(path): a key is \(key.summary), expected a name")]
                }
                let path = path + .key(name.string)
                guard let member = members.first(where: { $0.name == name.string }) else {
                    let suggestion = nearest(to: name.string, among: members.map(\.name)).map { "; did you mean \($0)?" } ?? ""
                    return [(path, "unknown key \(path)\(suggestion)")]
                }
                return unknownKeys(in: value, shape: member.shape, path: path)
            }
        case (.list(let element), .sequence(let sequence)):
            return sequence.enumerated().flatMap { unknownKeys(in: $1, shape: element, path: path + .index($0)) }
        default:
            return []
        }
    }

    /// What a failed decoding expected and what it found.
    private static func mismatch(
        _ error: DecodingError, tree: Node, shape: OptionShape
    ) -> (path: ConfigurationPath, text: String) {
        let codingPath =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context.codingPath
            @unknown default: [any CodingKey]()
            }
        let path = ConfigurationPath(codingPath.map { $0.intValue.map { .index($0) } ?? .key($0.stringValue) })
        let name = path.components.isEmpty ? "the configuration" : path.description
        let expectation = shape.shape(at: path)?.expectation ?? "another value"
        return (path, "\(name): expected \(expectation), found \(tree.node(at: path)?.summary ?? "nothing")")
    }
}

import Yams

/// A part of the configuration from one source, to be laid over what other sources gave.
struct ConfigurationLayer {
    /// The source's name in messages: a file's, a variable's, a flag.
    let source: String
    /// Where the layer lies in the configuration; the root for a file.
    let path: ConfigurationPath
    let node: Node

    /// The source of the value at `path`, with line and column if it is a file; nil if this layer gives nothing there.
    func origin(of path: ConfigurationPath) -> String? {
        guard let relative = path.relative(to: self.path), let found = node.node(at: relative) else { return nil }
        guard self.path.components.isEmpty, let mark = found.mark else { return source }
        return "\(source):\(mark.line):\(mark.column)"
    }
}

extension ConfigurationLayer {
    /// The layer of a configuration file; an empty file gives an empty one.
    init(_ file: ConfigurationFile) throws(ConfigurationError) {
        let node = try parseYAML(file.text, source: file.name)
        self.init(source: file.name, path: ConfigurationPath([]), node: node.isNull ? Node([(Node, Node)]()) : node)
    }

    /// The layer of a flag.
    init(_ flag: ConfigurationFlag) {
        let node =
            switch flag.value {
            case .text(let text): Node(text)
            case .list(let texts): Node(texts.map { Node($0) })
            }
        self.init(source: flag.name, path: flag.path, node: node)
    }

    /// The layers of all the environment's variables that begin with `MARTLET_`, each read as YAML: first those that set whole sections,
    /// then those that set something in them.
    ///
    /// - Throws: ``ConfigurationError`` with every variable that no option belongs to or whose value is not YAML.
    static func layers(of environment: [String: String], shape: OptionShape) throws(ConfigurationError) -> [ConfigurationLayer] {
        let paths = Dictionary(shape.pathsOutsideLists.map { ($0.environmentName, $0) }, uniquingKeysWith: { first, _ in first })
        var layers: [ConfigurationLayer] = []
        var problems: [ConfigurationError.Problem] = []
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(ConfigurationPath.environmentPrefix) {
            guard let path = paths[name] else {
                let suggestion = nearest(to: name, among: paths.keys.sorted()).map { "; did you mean \($0)?" } ?? ""
                problems.append(.init(text: "unknown environment variable \(name)\(suggestion)"))
                continue
            }
            do {
                layers.append(ConfigurationLayer(source: name, path: path, node: try parseYAML(value, source: name)))
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
        return layers.sorted { $0.path.components.count < $1.path.components.count }
    }
}

/// The tree of one YAML document; null if it is empty.
private func parseYAML(_ text: String, source: String) throws(ConfigurationError) -> Node {
    do {
        return try Yams.compose(yaml: text) ?? Node("", Tag(.null), .plain)
    } catch let error as YamlError {
        throw ConfigurationError([error.problem(source: source)])
    } catch {
        throw ConfigurationError([.init(origin: source, text: "not YAML: \(error)")])
    }
}

extension YamlError {
    fileprivate func problem(source: String) -> ConfigurationError.Problem {
        switch self {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            .init(origin: "\(source):\(mark.line):\(mark.column)", text: "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            .init(
                origin: "\(source):\(context.mark.line):\(context.mark.column)",
                text: "given more than once: \(duplicates.sorted().joined(separator: ", "))")
        case .reader(let problem, _, _, _):
            .init(origin: source, text: "not YAML: \(problem)")
        default:
            .init(origin: source, text: "not YAML: \(self)")
        }
    }
}

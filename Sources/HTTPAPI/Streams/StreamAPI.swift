import Homeserver

/// All endpoints of streams.
package enum StreamAPI {
    /// - Parameters:
    ///   - path: what stands before the endpoints' paths, where they don't have a listener of their own.
    ///   - publicBaseURL: where clients reach the server from outside.
    ///   - hasDemo: whether the demo page is served beside them.
    package static func routes(of homeserver: Homeserver, path: String, publicBaseURL: String?, hasDemo: Bool) -> [any RouteGroup] {
        let connections = StreamConnections(environment: homeserver.environment, limitsRates: homeserver.settings.limitsRates)
        var groups: [any RouteGroup] = [
            StreamRoutes(
                homeserver.streams, connections, path: path, publicBaseURL: publicBaseURL, resources: [.client, .streams]),
            // What clients reach from outside at that URL is not this listener.
            StreamRoutes(homeserver.streams, connections, path: "", publicBaseURL: nil, resources: [.streamsAtRoot]),
        ]
        if hasDemo {
            groups.append(StreamsDemoRoutes(path: path, resources: [.client, .streams]))
            groups.append(StreamsDemoRoutes(path: "", resources: [.streamsAtRoot]))
        }
        return groups
    }
}

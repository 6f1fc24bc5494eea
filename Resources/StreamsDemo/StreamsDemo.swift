/// The demo page of streams.
package enum StreamsDemo {
    /// The page, with all that it needs.
    package static let page: [UInt8] = PackageResources.canvas_html
}

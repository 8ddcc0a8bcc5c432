/**
 * Wheel and drag on a drawing with a time axis: Ctrl and wheel zoom, a sideways wheel and dragging pan.
 * Leaves the plain wheel to the page, and a press that did not move to whoever listens for clicks.
 */
import type { Attachment } from 'svelte/attachments';

/** What the gestures mean; x is in pixels from the element's left edge. */
export interface GestureListener {
  zoom(factor: number, x: number): void;
  /** Moves what is looked at so many pixels to the right. */
  pan(pixels: number): void;
  /** Whether there is anything to pan to. */
  canPan(): boolean;
}

/** A press that moves less than this is a click. */
const dragThresholdPx = 4;

/** An attachment for the drawing's element. Marks a drag with the class `dragging`. */
export function axisGestures(listener: GestureListener): Attachment<Element> {
  return (element) => {
    let pressedAt: number | null = null;
    let lastX = 0;
    let dragging = false;
    const ends = new AbortController();
    const { signal } = ends;
    const on = <K extends keyof ElementEventMap>(
      type: K,
      work: (event: ElementEventMap[K]) => void,
      options: AddEventListenerOptions = {},
    ): void => element.addEventListener(type, work as EventListener, { ...options, signal });

    on(
      'wheel',
      (event) => {
        if (event.ctrlKey || event.metaKey) {
          event.preventDefault();
          const x = event.clientX - element.getBoundingClientRect().left;
          listener.zoom(Math.exp(-event.deltaY * 0.002), x);
          return;
        }
        const sideways = event.deltaX !== 0 ? event.deltaX : event.shiftKey ? event.deltaY : 0;
        if (sideways === 0 || !listener.canPan()) return;
        event.preventDefault();
        listener.pan(sideways);
      },
      { passive: false },
    );
    on('pointerdown', (event) => {
      if (event.button !== 0 || !listener.canPan()) return;
      pressedAt = event.clientX;
      lastX = event.clientX;
    });
    on('pointermove', (event) => {
      if (pressedAt === null) return;
      if (!dragging && Math.abs(event.clientX - pressedAt) < dragThresholdPx) return;
      if (!dragging) {
        dragging = true;
        element.classList.add('dragging');
        element.setPointerCapture(event.pointerId);
      }
      listener.pan(lastX - event.clientX);
      lastX = event.clientX;
    });
    const release = (): void => {
      pressedAt = null;
      element.classList.remove('dragging');
      // The click that ends a drag comes after this event.
      setTimeout(() => (dragging = false));
    };
    on('pointerup', release);
    on('pointercancel', release);
    on(
      'click',
      (event) => {
        if (dragging) event.stopImmediatePropagation();
      },
      { capture: true },
    );
    return () => ends.abort();
  };
}

interface ElementEventMap {
  wheel: WheelEvent;
  pointerdown: PointerEvent;
  pointermove: PointerEvent;
  pointerup: PointerEvent;
  pointercancel: PointerEvent;
  click: MouseEvent;
}
